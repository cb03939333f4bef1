package world

import "strings"

var firstNames = strings.Fields(`Aditi Arjun Bhavna Chetan Deepa Eknath Farida Girish Harini Ishaan Janaki Kiran Lakshmi Manoj
Neelam Ojas Pooja Quasar Ritu Sameer Trisha Uday Vandana Wahid Yash Zoya Anand Bina Chirag Devika Esther Faizan Geeta Hari
Ila Jatin Kavita Lalit Meera Naveen Oviya Pranav Rekha Suresh Tara Utkarsh Veena Yusuf Zarina Ashok Gita`)

var lastNames = strings.Fields(`Acharya Bansal Chauhan Desai Fernandes Ganguly Iyer Joshi Kulkarni Lobo Mehta Nair Oberoi Patil
Qureshi Rao Shetty Thakur Upadhyay Verma Warrier Zaveri Banerjee Chawla Dutta Gowda Hiremath Kapoor Lalwani Menon Naidu Pillai
Reddy Saxena Talwar Vaidya Bhatia Kohli Mishra Pandey Sinha`)

var (
	items   = []string{"Conveyor Belt", "Hydraulic Press", "Control Panel", "Copper Wire", "Gear Motor", "Ball Valve"}
	streets = []string{"Station Road", "MG Road", "Gandhi Chowk", "Ring Road"}
	cities  = [][3]string{{"Nagpur", "Maharashtra", "440001"}, {"Surat", "Gujarat", "395001"}, {"Mysuru", "Karnataka", "570001"}, {"Indore", "Madhya Pradesh", "452001"}}
)

func lower(s string) string { return strings.ToLower(s) }
